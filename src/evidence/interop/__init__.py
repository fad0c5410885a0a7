"""What other tools read: the workbook as a research object."""
