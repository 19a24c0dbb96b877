"""Invented people and patients with rich plans, for trying the hub out. Nobody here exists; no real record was used."""
