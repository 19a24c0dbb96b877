"""``python -m web`` is ``careplan-hub``."""

import sys

from web.cli import main

sys.exit(main())
