"""How a report is made: run and rendered, on this machine or on workers of a scheduler."""
