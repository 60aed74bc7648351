// users_api: what a service with personal data does. It gets its connection string from
// QuantumVault, seals a row's fields before they would be stored, finds the row by the hash of an
// e-mail, and opens the fields again.
//
//   QUANTUMAPI_KEY=… QUANTUMAPI_URL=… users_api CONNECTION-SECRET EMAIL PHONE
#include <quantumapi/client.h>
#include <quantumapi/encryption_service.h>
#include <quantumapi/secret_provider.h>

#include "example.h"

namespace {

namespace sdk = quantumapi::sdk;

// Row is how the users table keeps a person: nobody who reads it learns an e-mail.
struct Row {
  std::string searchable_email, email_ciphertext, phone_ciphertext;
};

// Each field is bound to its row and column: copied elsewhere, it does not open.
constexpr std::string_view kEmailOfRow = "users/7/email";
constexpr std::string_view kPhoneOfRow = "users/7/phone";

sdk::Result<Row> seal(const sdk::EncryptionService& fields, std::string_view email,
                      std::string_view phone) {
  const sdk::Plaintext plain[] = {{email, kEmailOfRow}, {phone, kPhoneOfRow}};
  auto sealed = fields.encrypt_fields(plain);
  for (const auto& field : sealed)
    if (!field) return std::unexpected(field.error());
  auto hash = fields.searchable_hash(email);
  if (!hash) return std::unexpected(hash.error());
  return Row{*std::move(hash), *std::move(sealed[0]), *std::move(sealed[1])};
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 4) return std::cerr << "usage: users_api CONNECTION-SECRET EMAIL PHONE\n", 2;
  auto options = sdk::Options::from_environment();
  if (!options) return example::failed(options.error());
  const auto client = sdk::Client::create(*std::move(options));
  if (!client) return example::failed(client.error());

  sdk::SecretProvider secrets(**client,
                              {.connection_strings = {argv[1]}, .log = example::log_line});
  if (const auto started = secrets.start(); !started) return example::failed(started.error());
  // A service would answer its readiness probe from secrets.readiness() meanwhile.
  if (!secrets.wait_ready(std::chrono::seconds(30))) return 1;
  const auto connection = secrets.connection_string(argv[1]);
  if (!connection) return example::failed(connection.error());

  const sdk::EncryptionService fields(**client);
  const auto row = seal(fields, argv[2], argv[3]);
  if (!row) return example::failed(row.error());
  std::cout << "stored " << row->searchable_email << ' ' << row->email_ciphertext.substr(0, 12)
            << "… over a connection of " << connection->reveal().size() << " characters\n";

  const sdk::Sealed sealed[] = {{row->email_ciphertext, kEmailOfRow},
                                {row->phone_ciphertext, kPhoneOfRow}};
  for (const auto& field : fields.decrypt_fields(sealed))
    if (!field) return example::failed(field.error());
  std::cout << "opened 2 fields\n";
}
