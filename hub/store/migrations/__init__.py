"""The schema's history. A migration is never edited once released; ``hub.store.tables`` says where it must arrive."""
