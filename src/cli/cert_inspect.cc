// qapi cert inspect: what the certificates of a file say, without the platform.
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <span>

#include "cli/cert_verify.h"
#include "cli/group.h"
#include "cli/shapes.h"
#include "cli/table.h"
#include "x509/server_identity.h"

namespace quantumapi::cli {
namespace {

struct FileOption {
  std::string file;
};

struct InspectShape {
  std::string subject;
  std::string issuer;
  std::string serial_number;
  std::string not_before;
  std::string not_after;
  std::string signature_algorithm;
  std::vector<std::string> names;
  std::string key_type;
  std::vector<std::string> key_usages;
  std::vector<std::string> extended_key_usages;
  bool is_ca = false;
};
BOOST_DESCRIBE_STRUCT(InspectShape, (),
                      (subject, issuer, serial_number, not_before, not_after, signature_algorithm,
                       names, key_type, key_usages, extended_key_usages, is_ca))

// InspectFile is the first certificate of a file, and the others.
struct InspectFile : InspectShape {
  std::vector<InspectShape> chain;
};
BOOST_DESCRIBE_STRUCT(InspectFile, (),
                      (subject, issuer, serial_number, not_before, not_after, signature_algorithm,
                       names, key_type, key_usages, extended_key_usages, is_ca, chain))

InspectShape shape_of(const x509::CertificateInfo& info) {
  return {.subject = info.subject,
          .issuer = info.issuer,
          .serial_number = info.serial_hex,
          .not_before = info.not_before.to_string(),
          .not_after = info.not_after.to_string(),
          .signature_algorithm = info.signature_algorithm,
          .names = info.names,
          .key_type = info.key_algorithm,
          .key_usages = info.key_usages,
          .extended_key_usages = info.extended_key_usages,
          .is_ca = info.is_ca};
}

void print_shape(Context& context, const InspectShape& shape) {
  std::vector<std::string> usages = shape.key_usages;
  usages.insert(usages.end(), shape.extended_key_usages.begin(), shape.extended_key_usages.end());
  print_facts(context.io().out,
              {{"subject", shape.subject},
               {"issuer", shape.issuer},
               {"serial number", shape.serial_number},
               {"not before", shape.not_before},
               {"not after", shape.not_after},
               {"signature", shape.signature_algorithm},
               {"names", fmt::format("{}", fmt::join(shape.names, " "))},
               {"key type", shape.key_type},
               {"usages", fmt::format("{}", fmt::join(usages, " "))},
               {"CA", shape.is_ca ? "yes" : "no"}},
              context.color());
}

Outcome inspect(Context& context, const FileOption& options) {
  TRY_ASSIGN(const std::string pem, read_certificates(context, options.file));
  TRY_ASSIGN(const auto infos, x509::describe_certificates(pem));
  InspectFile file{shape_of(infos.front()), {}};
  for (const x509::CertificateInfo& above : std::span(infos).subspan(1))
    file.chain.push_back(shape_of(above));
  if (context.format(Format::kTable) == Format::kJson) {
    print_json(context.io(), file);
    return kOk;
  }
  if (context.format(Format::kTable) == Format::kValue) {
    print_line(context.io(), file.serial_number);
    return kOk;
  }
  print_shape(context, file);
  for (const InspectShape& above : file.chain) {
    context.io().out << '\n';
    print_shape(context, above);
  }
  return kOk;
}

}  // namespace

void add_cert_inspect(CLI::App& group, Context& context) {
  const auto [inspect_command, looked] =
      add_command(group, context, "inspect", "Show what the certificates of a file say", inspect);
  inspect_command->add_option("FILE", looked->file, "PEM or DER; - reads standard input")
      ->required();
}

}  // namespace quantumapi::cli
