#!/usr/bin/env bash
# f2py writes a call of PyUnstable_Module_SetGIL into every module, and by default the call says that the GIL is used.
#
# Seen with numpy 2.3.5 on 2026-11-29: the C source that f2py makes of a signature without any option, and the one that it makes with
# --freethreading-compatible, both call PyUnstable_Module_SetGIL under #ifdef Py_GIL_DISABLED. They differ in its second argument only.
#
# What follows for a reader of wheels: that a module imports the symbol proves nothing, and neither does that it calls it. A check by
# "does it import PyUnstable_Module_SetGIL" finds each default f2py module fit, and each of them turns the GIL back on.
set -euo pipefail

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
python3 -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check numpy==2.3.5
cat >demo.pyf <<'FORTRAN'
python module demo
  interface
    subroutine add(a, b)
      intent(c) add
      real(8), intent(c,in) :: a
      real(8), intent(c,in) :: b
    end subroutine add
  end interface
end python module demo
FORTRAN

seen=$(for option in "" --freethreading-compatible; do
    rm -f demomodule.c
    # shellcheck disable=SC2086 - no option is no argument
    venv/bin/python -m numpy.f2py demo.pyf $option >/dev/null 2>&1
    echo "${option:-default}: $(grep --only-matching 'PyUnstable_Module_SetGIL(m *, *[A-Z_a-z]*)' demomodule.c | sort --unique)"
done)
expected="default: PyUnstable_Module_SetGIL(m , Py_MOD_GIL_USED)
--freethreading-compatible: PyUnstable_Module_SetGIL(m , Py_MOD_GIL_NOT_USED)"
echo "$seen"
[ "$seen" = "$expected" ] || { echo "This has changed. Seen before:"; echo "$expected"; exit 1; } >&2
