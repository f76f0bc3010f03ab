"""The inner loops, compiled to machine code: random numbers, users' steps, order in time, and lines put together.

Nothing here knows configurations, files or people; it works on arrays. See docs/decisions/0021-compiled-loops.md.
"""
