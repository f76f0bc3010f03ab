"""Serving database and published snapshot -> pages that people look at.

`app`      puts it together          `pages`       one module a page: its tiles and their SQL
`server`   serves it                 `components`  what pages are made of
`live`     the newest seconds        `filters`     what an address may say
`ticker`   once a second, for all    `scope`       filters as SQL
`history`  the published snapshot    `views`       from an address to filled tiles
"""
