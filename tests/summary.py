"""Adds up what GoogleTest and pytest wrote, prints one closing line, and fails when anything failed.

usage: summary.py DIRECTORY   with *.json of GoogleTest and *.xml (JUnit) of ctest and pytest in it
A test program that ends before it can write its report counts as one failure, by ctest's own record.
"""
import json
import pathlib
import sys
import xml.etree.ElementTree as xml


def of_googletest(path):
    report = json.loads(path.read_text())
    cases = [case for suite in report["testsuites"] for case in suite["testsuite"]]
    ran = [case for case in cases if case["status"] == "RUN" and case.get("result") != "SKIPPED"]
    failed = [f"{case['classname']}.{case['name']}" for case in ran if "failures" in case]
    return len(ran) - len(failed), failed, sum(case.get("result") == "SKIPPED" for case in cases)


def of_junit(path):
    cases = list(xml.parse(path).getroot().iter("testcase"))
    skipped = [case for case in cases if case.find("skipped") is not None]
    # ctest says it in an attribute, pytest in an element.
    failed = [case for case in cases if case.get("status") == "fail"
              or case.find("failure") is not None or case.find("error") is not None]
    names = [f"{case.get('classname')}::{case.get('name')}" for case in failed]
    return len(cases) - len(skipped) - len(set(names)), sorted(set(names)), len(skipped)


def main(directory):
    passed, failed, skipped, told = 0, [], 0, set()
    for path in sorted(directory.rglob("*.json")):
        a, b, c = of_googletest(path)
        passed, failed, skipped = passed + a, failed + b, skipped + c
        if b:
            told.add(f"{path.parent.name}/{path.stem.removesuffix('_test')}")
    for path in sorted(directory.rglob("*.xml")):
        a, b, c = of_junit(path)
        if path.name == "ctest.xml":  # its entries are whole programs: what they told stands in their own reports
            programs = {name: name.rsplit("::", 1)[-1].removesuffix("_test") for name in b}
            failed += [f"{name} (ended without a report)" for name, program in programs.items()
                       if f"{path.parent.name}/{program}" not in told]
        else:
            passed, failed, skipped = passed + a, failed + b, skipped + c
    for name in failed:
        print(f"failed: {name}")
    print(f"{passed} passed, {len(failed)} failed" + (f", {skipped} skipped" if skipped else ""))
    return 1 if failed or not passed else 0


if __name__ == "__main__":
    sys.exit(main(pathlib.Path(sys.argv[1])))
