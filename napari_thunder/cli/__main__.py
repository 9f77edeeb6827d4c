"""`python -m napari_thunder.cli`."""

import sys

from napari_thunder.cli.main import main

sys.exit(main())
