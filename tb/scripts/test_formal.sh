#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# What scripts/formal.py makes of an answer of the solver. Solver and Yosys are played: the bug
# shows at clock $CLOCK, and in the replay $SEES fails.
source "$(dirname "$0")/common.sh"
tree=$scratch/tree
mkdir -p "$tree"/{scripts,rtl,bin,tb/formal/{any,bugs},build/formal-venv/bin}
cp scripts/formal.py "$tree/scripts"
touch "$tree/rtl/bell.f"

cat >"$tree/build/formal-venv/bin/python" <<'END'
#!/bin/sh
cd "$3" || exit 1
echo '{"asserts": [["kept"], ["other"]]}' >model.ywa
echo "{\"assertions\": [{\"path\": [\"$SEES\"]}]}" >model.json
END
cat >"$tree/bin/berkeley-abc" <<'END'
#!/bin/sh
echo "Output 0 of miter \"model\" was asserted in frame $CLOCK. Time = 0.01 sec"
END
chmod +x "$tree/build/formal-venv/bin/python" "$tree/bin/berkeley-abc"

# plant PROOF METHOD: a proof and its bug.
plant() {
  printf '// says: it holds.\n//\n// proof: %s\n' "$2" >"$tree/tb/formal/any/$1.sv"
  cat >"$tree/tb/formal/bugs/$1.worm.patch" <<END
It does not.
--- a/tb/formal/any/$1.sv
+++ b/tb/formal/any/$1.sv
@@ -1,1 +1,1 @@
-// says: it holds.
+// says: it does not.
END
}
plant shallow "bmc 8"
plant endless "induction 1"

# shows NAME CODE TEXT PROOF CLOCK [SEES]
shows() {
  PATH=$tree/bin:$PATH CLOCK=$5 SEES=${6:-kept} \
    expect_exit "formal.$1" "$2" "$3" "$tree/scripts/formal.py" run "$4" worm
}
shows bug_at_the_depth 0 'PASS shallow.finds.worm kept fails at clock 8' shallow 8
shows bug_beyond_the_depth 1 \
  'FAIL shallow.finds.worm the planted bug first shows at clock 9, and the proof ends at clock 8' \
  shallow 9
shows bug_of_an_unbounded_proof 0 'PASS endless.finds.worm kept fails at clock 9' endless 9
shows replay_of_another_failure 1 'the counterexample does not hold in a replay' shallow 3 other
finish
