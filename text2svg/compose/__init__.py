"""Pictures put together from licensed corpus drawings: read a prompt into a scene, draw the scene, score a drawing of it.

    reading = read_prompt("a blue circular button with a power symbol")
    compose(reading.scene, shelf.find, seed=1)       canonical SVG, always labelled composed, with its sources

Refuses to pass for a generator: every result names the drawings it is made of. The trade-off: what the corpus has no name
for cannot be composed. Importing this package loads nothing.
"""
