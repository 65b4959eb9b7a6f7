#!/bin/sh
# Ships a build once a person has agreed.
#
#   export SIGNOFF_URL=https://signoff.example.com SIGNOFF_API_KEY_FILE=$HOME/.config/signoff/key
#   ./ship.sh 812
#
# Started again with the same build, it waits for the same approval.
set -u
build=$1

signoff ask --run "ship-$build" --type step_approval --title "Ship build $build?" \
  --context "{\"build\": \"$build\"}" --approver ana,bo --timeout 4h \
  --idempotency-key "ship/$build"
code=$?
case $code in
  0) exec ./deploy "$build" ;;
  1) echo "build $build was rejected" >&2 ;;
  2) echo "nobody decided on build $build in time" >&2 ;;
  3) echo "the question about build $build was withdrawn" >&2 ;;
  *) echo "build $build is not shipped: signoff ended with $code" >&2 ;;
esac
exit $code
