#!/usr/bin/env bash
# Reads the disassembly of the release binary: every handler (symbol op_*) must be there, leave by an indirect jump on its fast
# path, and contain no call, no trap and so no reference counting. The slow ways, which have a handler's signature and may call, must
# go on by a jump too: a call would let the native stack grow with each Python instruction. Planted bad ones must be caught.
set -eu
binary=$1
if [ "$(uname -m)" != x86_64 ]; then
  echo "check-vm: skipped: it reads x86-64 disassembly"
  exit 0
fi
check() {
  awk '
    # (UnsafeMutablePointer<UInt64>, 3 x UnsafeMutableRawPointer, UInt64) -> (), perhaps specialised
    BEGIN { signature = "ySpys6UInt64VG_S3vADtF(Tf[0-9a-z_]+)?>" }
    function done() { if (h && !j) { print n, "has no indirect jmp"; bad = 1 } }
    /^[0-9a-f]+ <.*>:$/ { done(); n = $2; h = (n ~ /^<op_/); slow = !h && n ~ signature; j = 0; if (h) c++; next }
    slow && /\tcall/ && (/\*\(%r[a-z0-9]+,%r[a-z0-9]+,8\)/ || $0 ~ signature || /<op_/) { print n, "goes on by a call:", $0; bad = 1 }
    h && /\tjmp +\*/ { j = 1 }
    h && /\t(call|ud2)/ { print n, $0; bad = 1 }
    END { done(); if (!c) print "no handlers found"; exit bad || !c }'
}
listing=$(mktemp)
trap 'rm -f "$listing"' EXIT
objdump -d --no-show-raw-insn "$binary" >"$listing"
check <"$listing"

# Each handler named in the sources must be in the binary.
missing=0
for name in $(grep -rhoE '^@c\(op_[A-Za-z]+\)' "$(dirname "$0")/../Sources/Runtime/Machine" | sed 's/@c(\(.*\))/\1/'); do
  grep -q "<$name>:" "$listing" || { echo "$name is not in the binary"; missing=1; }
done
[ $missing = 0 ]

# A handler with a call, one with a trap and one without a jump must each be caught.
slow='$s7Runtime11slowPlantedyySpys6UInt64VG_S3vADtF'
for body in $'\tcall   *(%rcx,%rax,8)' $'\tcall   1234 <$s7Runtime6unwindyySpys6UInt64VG_S3vADtFTf4nnnnd_n>'; do
  if { cat "$listing"; printf '0000000000001000 <%s>:\n  0:%s\n' "$slow" "$body"; } | check >/dev/null; then
    echo "check-vm: a planted slow way that goes on by a call was not caught"
    exit 1
  fi
done
for body in $'\tcall   1234 <swift_retain>\n  1:\tjmp    *%rax' $'\tud2\n  1:\tjmp    *%rax' $'\tret'; do
  if printf '0000000000001000 <op_planted>:\n  0:%s\n' "$body" | check >/dev/null; then
    echo "check-vm: a planted bad handler was not caught"
    exit 1
  fi
done
echo "check-vm: $(grep -c '<op_[A-Za-z]*>:$' "$listing") handlers, all call-free"
