"""What tests stand on: databases, running hubs, browsers. Imports everything; only tests import it."""
