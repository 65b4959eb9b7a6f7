-- Nothing to take back: a constraint that was looked at stays as it is.
SELECT;
