"""`python scripts/docs_pages`: write the generated pages."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from docs_pages import write_all

for name in write_all():
    print(f"written: docs/{name}")
