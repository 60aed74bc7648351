# Writes OUT, a C++ file with the text of FILES (NNNN_title.sql) in the order of their numbers.
list(SORT FILES)
set(rows "")
foreach(file IN LISTS FILES)
  get_filename_component(name "${file}" NAME_WE)
  if(NOT name MATCHES "^([0-9][0-9][0-9][0-9])_([a-z0-9_]+)$")
    message(FATAL_ERROR "${file}: a migration is named NNNN_title.sql")
  endif()
  set(digits "${CMAKE_MATCH_1}")
  set(title "${CMAKE_MATCH_2}")
  string(REGEX REPLACE "^0+" "" number "${digits}")
  file(READ "${file}" sql)
  string(APPEND rows "    {${number}, \"${title}\", R\"embedded(${sql})embedded\"},\n")
endforeach()
file(WRITE "${OUT}" "#include \"store/migrations.h\"

namespace quantumapi::store {
namespace {
constexpr Migration kMigrations[] = {
${rows}};
}  // namespace

std::span<const Migration> migrations() { return kMigrations; }

}  // namespace quantumapi::store
")
