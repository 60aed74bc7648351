"""The SDK as somebody else's program finds it: installed, found, linked, run against a platform."""

import os
import pathlib
import re
import subprocess

import pytest

from harness import BIN

ROOT = pathlib.Path(__file__).resolve().parents[2]
BUILD = BIN.parent
SOURCE = ROOT / "tests" / "sdk_consumer"


def run(*command, **options):
    out = subprocess.run([str(part) for part in command], capture_output=True, text=True, **options)
    assert out.returncode == 0, f"{command}: {out.stdout}{out.stderr}"
    return out.stdout


@pytest.fixture(scope="module")
def prefix(tmp_path_factory):
    """The tree as `cmake --install` makes it, moved once: nothing in it may name where it was."""
    made = tmp_path_factory.mktemp("made") / "prefix"
    run("cmake", "--install", BUILD, "--prefix", made)
    moved = tmp_path_factory.mktemp("moved") / "quantumapi"
    made.rename(moved)
    return moved


@pytest.fixture(scope="module")
def library(prefix):
    return next(prefix.glob("lib/**/libquantumapi.so"))


@pytest.fixture(scope="module")
def programs(prefix, tmp_path_factory):
    """The consumer's programs, built outside of the tree against the installed package."""
    build = tmp_path_factory.mktemp("consumer")
    run("cmake", "-G", "Ninja", "-S", SOURCE, "-B", build, f"-DCMAKE_PREFIX_PATH={prefix}", "-DCMAKE_BUILD_TYPE=Debug")
    run("cmake", "--build", build)
    return build


def environment(server, **more):
    return {**os.environ, "QUANTUMAPI_KEY": server.api_key, "QUANTUMAPI_URL": server.url,
            "QUANTUMAPI_CA_FILE": str(server.data / "ca.pem"), **more}


def test_a_program_found_by_cmake_encrypts_and_decrypts(programs, new_server):
    server = new_server().init().start()
    assert run(programs / "consumer", env=environment(server)) == "ada@example.org\n"
    refused = subprocess.run([programs / "consumer"], capture_output=True, text=True,
                             env=environment(server, QUANTUMAPI_KEY="qapi_wrong"))
    assert refused.returncode == 1 and refused.stderr


def test_a_program_with_an_openssl_of_its_own_has_both(programs, new_server):
    server = new_server().init().start()
    assert "libssl.so" in run("ldd", programs / "beside_openssl")
    assert "side by side" in run(programs / "beside_openssl", env=environment(server))


def test_a_program_found_by_pkg_config_does_the_same(prefix, library, new_server, tmp_path):
    found = {**os.environ, "PKG_CONFIG_PATH": str(library.parent / "pkgconfig")}
    flags = run("pkg-config", "--cflags", "--libs", "quantumapi", env=found).split()
    assert run("pkg-config", "--modversion", "quantumapi", env=found).strip()
    run("c++", "-std=c++23", SOURCE / "consumer.cc", "-o", tmp_path / "consumer", *flags)
    server = new_server().init().start()
    env = environment(server, LD_LIBRARY_PATH=str(library.parent))
    assert run(tmp_path / "consumer", env=env) == "ada@example.org\n"


def test_what_the_sdks_page_shows_is_one_program(prefix, library, new_server, tmp_path):
    """Its first block is a whole one, and the others go before the end of that one's main."""
    whole, *pieces = re.findall(r"^```cpp\n(.*?)^```$", (ROOT / "docs" / "sdk.md").read_text(), re.M | re.S)
    head, end = whole.rstrip().rsplit("}", 1)
    assert end == "" and len(pieces) >= 3
    (tmp_path / "page.cc").write_text(head + "\n".join(pieces) + "}\n")
    found = {**os.environ, "PKG_CONFIG_PATH": str(library.parent / "pkgconfig")}
    flags = run("pkg-config", "--cflags", "--libs", "quantumapi", env=found).split()
    run("c++", "-std=c++23", "-Wall", "-Wextra", "-Werror", tmp_path / "page.cc", "-o", tmp_path / "page", *flags)
    server = new_server().init().start()
    done = subprocess.run([tmp_path / "page"], capture_output=True, text=True, env=environment(server, LD_LIBRARY_PATH=str(library.parent)))
    assert done.stdout == "ada@example.org\n" and "no such secret" in done.stderr.lower(), done
    assert done.returncode == 1


@pytest.mark.parametrize("example", sorted(path.stem for path in (ROOT / "examples").glob("*.cc")))
def test_each_example_is_built_alone_against_the_package(prefix, library, example, tmp_path):
    found = {**os.environ, "PKG_CONFIG_PATH": str(library.parent / "pkgconfig")}
    flags = run("pkg-config", "--cflags", "--libs", "quantumapi", env=found).split()
    run("c++", "-std=c++23", ROOT / "examples" / f"{example}.cc", "-o", tmp_path / example, *flags)
    started = subprocess.run([tmp_path / example], capture_output=True, text=True,
                             env={**os.environ, "LD_LIBRARY_PATH": str(library.parent)})
    assert started.returncode == 2 and f"usage: {example}" in started.stderr


def test_the_library_shows_the_sdks_names_and_no_others(library):
    symbols = run("nm", "-D", "--defined-only", "-C", library).splitlines()
    names = [line.split(maxsplit=2)[2] for line in symbols]
    ours = re.compile(r"^((vtable|typeinfo|typeinfo name|guard variable) for )?quantumapi::sdk::")
    foreign = [name for name in names if not ours.match(name)]
    assert not foreign, foreign[:20]
    assert any("Client::create" in name for name in names)
    hidden = [name for name in names if re.search(r"Transport|Revocations|wire::|Backoff", name.split("(")[0])]
    assert not hidden, hidden[:20]


def test_the_library_has_a_soname_and_needs_no_openssl(library):
    dynamic = run("readelf", "-d", library)
    assert re.search(r"SONAME.*\[libquantumapi\.so\.\d+\]", dynamic)
    assert "BIND_NOW" in dynamic
    assert not re.search(r"NEEDED.*lib(ssl|crypto|pq|sqlite3)", dynamic)


def test_nothing_that_a_program_defines_takes_the_place_of_what_is_in_the_library(library):
    relocations = run("readelf", "-rW", library).splitlines()
    assert any("JUMP_SLOT" in line or "JUMP_SLO" in line for line in relocations)
    assert not [line for line in relocations if "quantumapi" in line and "JUMP_SLO" in line]


def test_the_installed_programs_run(prefix):
    assert run(prefix / "bin" / "qapi", "--version").startswith("qapi ")
    run(prefix / "bin" / "quantumapid", "--help")
