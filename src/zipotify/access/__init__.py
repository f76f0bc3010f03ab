"""Who may see what, once the dashboard can be reached from elsewhere; on loopback whoever is there may do everything.

`roles`     viewer, analyst, admin; what each path needs   `middleware`  around any ASGI application
`store`     accounts, sessions and tokens on disk          `login`       the page to sign in, and out
`accounts`  passwords and lock-out                         `headers`     what browsers are told
`sessions`  cookies                                        `request`     what it asks of a request
`tokens`    for programs                                   `rates`       how often
`identity`  who asks, for whoever answers                  `audit`       what happened: a file that only grows
`protect`   puts it around the dashboard
"""
