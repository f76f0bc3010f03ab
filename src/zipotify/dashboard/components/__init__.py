"""Pieces that pages are made of; each takes plain values and knows nothing of where they come from.

`figures`  numbers with their change     `ranking`   top lists with bars     `charts`  lines, bars, heatmaps
`statemap` the United States as tiles    `messages`  empty, stale, error     `card`    the frame of every tile
"""
