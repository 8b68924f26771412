"""Measurements behind choices, to repeat: `python -m benchmarks.choices --only settings indexes`.

Every comparison prints a table of its own. Those of one table are measured in turns, as the machine has its moods.
"""
