"""Effect sizes: functions of plain numbers and arrays, without files or frames."""
