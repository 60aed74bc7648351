// Runs a fuzz target over every file of the folders and files it is given.
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <vector>

// The entry point that libFuzzer names.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);

namespace {

namespace fs = std::filesystem;

void replay(const fs::path& seed) {
  std::ifstream file(seed, std::ios::binary);
  const std::vector<char> bytes{std::istreambuf_iterator<char>(file), {}};
  if (!file.good() && !file.eof()) {
    std::fprintf(stderr, "cannot read %s\n", seed.c_str());
    std::exit(1);
  }
  // Named first: a crash leaves this line as the last one.
  std::printf("%s, %zu bytes\n", seed.filename().c_str(), bytes.size());
  std::fflush(stdout);
  LLVMFuzzerTestOneInput(reinterpret_cast<const std::uint8_t*>(bytes.data()), bytes.size());
}

}  // namespace

int main(int argc, char** argv) {
  std::size_t seeds = 0;
  for (int i = 1; i < argc; ++i) {
    const fs::path given = argv[i];
    if (fs::is_regular_file(given)) {
      replay(given);
      ++seeds;
      continue;
    }
    std::error_code failed;
    for (const auto& entry : fs::recursive_directory_iterator(given, failed)) {
      if (!entry.is_regular_file()) continue;
      replay(entry.path());
      ++seeds;
    }
  }
  if (seeds == 0) std::fprintf(stderr, "no seeds: a target without a corpus proves nothing\n");
  return seeds == 0 ? 1 : 0;
}
