"""Kartläggning: deliveries in, checked tables out; nothing lost, nobody exposed."""
