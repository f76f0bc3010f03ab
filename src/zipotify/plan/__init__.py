"""A project plan as data: who does what by when, checked, shown, tracked and exported.

`model`     the plan's words, as pydantic models     `check`     what is wrong with a plan that reads well
`yaml_file` reads them, naming the line of an error  `render`    board, timeline and burn-down for the terminal
`calendar`  working days, stand-ups, ballots         `export`    Markdown pages and an iCalendar file
`schedule`  the order of tasks, load per role        `standup`   yesterday, today and blocked, per role and day
"""
