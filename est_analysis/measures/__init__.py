"""Insatser och uppföljning: the group's register, its priorities, and what measures did."""
