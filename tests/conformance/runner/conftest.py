"""The other system is a folder for the runner to find; its checks are no tests of this project."""

collect_ignore = ["other_system"]
