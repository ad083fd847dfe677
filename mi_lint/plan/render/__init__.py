"""One module per output format; each has `render(plan)` and says the same in its own language."""
