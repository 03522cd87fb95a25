import sys

from reference.wacrm.cli import main

if __name__ == "__main__":
    sys.exit(main())
