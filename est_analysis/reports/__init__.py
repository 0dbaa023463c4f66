"""Återkoppling: findings, charts, maps and tables, and the reports made of them."""

from est_analysis.reports.results import open_report as open_report
