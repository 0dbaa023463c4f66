"""Analys: where, when, in which situation, and what changed."""
