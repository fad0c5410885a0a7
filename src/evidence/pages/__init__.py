"""Pages, one folder or file per report: their first screens, tables, figures and closings."""
