#!/bin/sh
# tests/bench/emulated.sh -- bench/lib.sh tells an emulated processor from a real one, by what both show.
set -u

# shellcheck source=tests/bench/lib.sh
. "${top_srcdir:-.}/tests/bench/lib.sh"
command -v bash >/dev/null || skip_all 'bash is not installed'

cat >"$tmp/epyc" <<'END'
processor	: 0
vendor_id	: AuthenticAMD
model name	: AMD EPYC
cpuid level	: 16
END
cat >"$tmp/qemu" <<'END'
processor	: 0
vendor_id	: AuthenticAMD
model name	: QEMU TCG CPU version 2.5+
cpuid level	: 16
END
cat >"$tmp/pi" <<'END'
processor	: 0
BogoMIPS	: 108.00
CPU implementer	: 0x41
CPU part	: 0xd0b
END
cat >"$tmp/pi32" <<'END'
processor	: 0
model name	: ARMv7 Processor rev 3 (v7l)
CPU implementer	: 0x41
END

# told COMPILER-FOR UNAME CPUINFO: what lib.sh says.
told() {
    for_whom=$1 uname=$2 bash -c '
        . "$1"
        compiler() { [ -n "$for_whom" ] && echo "$for_whom"; }
        uname() { echo "$uname"; }
        cc=compiler
        is_emulated "$2" && echo emulated || echo real' sh "$src/bench/lib.sh" "$tmp/$3"
}

is 'a processor of its own is real' "$(told x86_64-linux-gnu x86_64 epyc)" real
is 'so is one that runs programs of its narrower kin' "$(told i686-linux-gnu x86_64 epyc)" real
is 'so is a Raspberry Pi' "$(told aarch64-linux-gnu aarch64 pi)" real
is 'so is one of 32 bits' "$(told arm-linux-gnueabihf armv7l pi32)" real
is 'a compiler that does not say builds for here' "$(told '' x86_64 epyc)" real
is 'programs for another one are emulated' "$(told aarch64-linux-gnu x86_64 epyc)" emulated
is 'a machine that names its emulator is one' "$(told x86_64-linux-gnu x86_64 qemu)" emulated
is 'an ARM64 with the fields of an x86 is one' "$(told aarch64-linux-gnu aarch64 epyc)" emulated
is 'an x86 with the fields of an ARM is one' "$(told x86_64-linux-gnu x86_64 pi)" emulated
finish
