#!/usr/bin/env python3
"""check_public_docs.py [--self-test]: holds every public name of the SDK against its comment.

Each class, struct, enum, enumerator, function, alias, constant and macro in include/quantumapi is
explained: by a comment above it, by one behind it, or by name in the comment above its class or its
group (lines without a blank one between them). A struct's comment speaks for its data members.
Special members (default, copy, move, destructor) say nothing that C++ does not. Exits 1 and names
each one that has no comment.
"""
import re
import sys
from pathlib import Path

TYPE = re.compile(r"^(?:template <.*> )?(?:class|struct|enum class)\s+(?:QUANTUMAPI_EXPORT\s+)?(\w+)\b(?!.*;\s*$)")
FUNCTION = re.compile(r"(~?\w+)\s*\(")
SPECIAL = re.compile(r"^(?:virtual )?(?:~\w+\(\)|(\w+)\((?:(?:const )?\1&&?(?: \w+)?)?\)|.*operator=\(.*\)).*;")


def statements(text):
    """(line number, statement, comments of the statement, comments of the group before it, depth)."""
    above, group, number_of, parts, behind = [], [], 0, [], []
    for number, line in enumerate(text.splitlines(), 1):
        code, _, comment = line.partition("//")
        code = code.strip()
        if not code and comment:
            above.append(comment)
            continue
        if not code:
            above, group = [], []
            continue
        if code.startswith("#"):
            if code.startswith("#define"):
                yield number, code, above + [comment], group
            continue
        if not parts:
            number_of = number
        parts.append(code)
        behind.append(comment)
        joined = " ".join(parts)
        complete = joined.count("(") == joined.count(")") and joined[-1] in ";{}:,"
        if not complete:
            continue
        own = above + [c for c in behind if c]
        group += above
        yield number_of, joined, own, list(group)
        above, parts, behind = [], [], []


def names_of(statement, enum):
    """The names that a statement declares, none for what needs no comment."""
    if re.match(r"^(public:|private:|protected:|friend |namespace |}|return |template <typename T>$)", statement):
        return []
    if statement.startswith("#define"):
        return [re.match(r"#define (\w+)", statement).group(1)]
    found = TYPE.match(statement)
    if found:
        return [found.group(1)]
    if re.match(r"^(class|struct) \w+;", statement) or SPECIAL.match(statement):
        return []
    if enum:
        return re.findall(r"\bk\w+", statement)
    head = re.sub(r"\[\[\w+\]\]", "", statement)
    alias = re.match(r"using (\w+)\s*=", head.replace("template <typename T> ", ""))
    if alias:
        return [alias.group(1)]
    bare = re.sub(r"std::function<.*?>(?=[ &])", "function", head)
    call = FUNCTION.search(bare)
    if call and "=" not in bare[:call.start()] and "{" not in bare[:call.start()]:
        return [call.group(1)]
    return re.findall(r"\bconstexpr [\w:<> ]*?(\w+) =", head)


def faults(path, text):
    scopes, enum_depth = [], None
    hidden = None
    for number, statement, own, group in statements(text):
        while statement.startswith("}"):
            if scopes:
                scopes.pop()
            if hidden is not None and len(scopes) < hidden:
                hidden = None
            if enum_depth is not None and len(scopes) < enum_depth:
                enum_depth = None
            statement = statement[1:].strip(" ;")
        if statement.startswith("private:"):
            hidden = len(scopes)
            continue
        if statement.startswith(("public:", "protected:")):
            hidden = None
            continue
        opens = statement.endswith("{")
        if not statement or hidden is not None:
            if opens:
                scopes.append([])
            continue
        of_class = scopes[-1] if scopes else []
        for name in names_of(statement, enum_depth is not None):
            explained = any(own) or any(re.search(rf"\b{re.escape(name)}\b", c) for c in [*group, *of_class])
            if not explained:
                yield f"{path}:{number}: {name} has no comment"
        if opens:
            scopes.append(own)
            if statement.startswith("enum"):
                enum_depth = len(scopes)


CASES = [
    ("// A counts.\nstruct A {\n  int x = 0;  // how many\n};", []),
    ("struct A {\n  int x = 0;  // how many\n};", ["A"]),
    ("// A counts.\nstruct A {\n  static constexpr int kMost = 1;\n  int x = 0, y{1};\n};", ["kMost"]),
    ("// A counts, up to kMost.\nstruct A {\n  static constexpr int kMost = 1;\n};", []),
    ("// A counts.\nclass A {\n public:\n  // get gives it.\n  [[nodiscard]] int get() const;\n  void set(int);\n\n private:\n  int x;\n};", ["set"]),
    ("// A counts.\nclass A {\n public:\n  A();\n  ~A();\n  A(A&&) noexcept;\n  A& operator=(const A&) = delete;\n\n  void set(int);\n};", ["set"]),
    ("// E has a and b.\nenum class E {\n  kOne,  // first\n  kTwo,\n};", ["kTwo"]),
    ("void f(int a,\n       int b);\n", ["f"]),
    ("// f does.\nvoid f(int a,\n       int b);\n", []),
    ("using T = int;", ["T"]),
    ("// M is.\n#define M 1\n", []),
    ("// A is.\nclass A {\n public:\n  // Made by B.\n  A(int x, int y) : x_(x) {}\n};\nvoid g();", ["g"]),
]


def self_test():
    failed = 0
    for text, expected in CASES:
        found = [fault.split(": ")[1].split(" ")[0] for fault in faults("a.h", text)]
        if found != expected:
            failed += 1
            print(f"{text!r}: expected {expected}, got {found}")
    print(f"{len(CASES) - failed} passed, {failed} failed")
    return failed


def main():
    if sys.argv[1:] == ["--self-test"]:
        return 1 if self_test() else 0
    if sys.argv[1:]:
        print(__doc__, file=sys.stderr)
        return 2
    root = Path(__file__).resolve().parent.parent
    found = [fault for path in sorted((root / "include/quantumapi").glob("*.h"))
             for fault in faults(path.relative_to(root), path.read_text())]
    print("\n".join(found), end="\n" if found else "")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
