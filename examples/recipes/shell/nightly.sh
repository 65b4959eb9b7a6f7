#!/bin/sh
# Deletes what is old, once each night, if a person agrees before the morning. For cron, which begins it anew every
# quarter of an hour, in case that the machine was away:
#
#   SIGNOFF_URL=https://signoff.example.com
#   SIGNOFF_API_KEY_FILE=/etc/signoff/key
#   */15 22,23,0-5 * * *  cd /opt/jobs && ./nightly.sh
set -eu
night=$(date -d '12 hours ago' +%F)         # the same before midnight and after
kept=${STATE_DIRECTORY:-/var/lib/nightly}

exec 9>"$kept/lock"
flock --nonblock 9 || exit 0                # one waits already
[ ! -e "$kept/ended-$night" ] || exit 0     # this night is done with

code=0
signoff ask --run "nightly-$night" --type step_approval --title "Delete what is old, night of $night?" \
  --approver ana,bo --timeout 8h --idempotency-key "nightly/$night" || code=$?
case $code in
  0) ./delete-old ;;
  1|2|3) ;;                                 # rejected, lapsed, withdrawn: not this night
  *) exit "$code" ;;                        # trouble: again in a quarter of an hour
esac
touch "$kept/ended-$night"
exit "$code"
