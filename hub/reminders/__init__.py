"""Reminders between visits: who wants to be told of what and how, what is to be told, and that it was.

``choices`` and ``hours`` are pure, ``finding`` decides from a plan's content alone; ``looking`` follows the journals
and puts reminders down, ``telling`` makes one message of what is due. What leaves says nothing about anybody's health
and names no patient.
"""
