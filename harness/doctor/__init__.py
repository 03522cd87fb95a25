"""Examines each wire between the deployment, mock Meta and the receiver before a run, and says how to mend what is wrong."""
