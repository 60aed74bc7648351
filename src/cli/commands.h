// The command groups. Each adds its commands to the parser; a command that was
// named sets Context::action, which runs after the whole line was understood.
#pragma once

namespace CLI {
class App;
}

namespace quantumapi::cli {

class Context;

// add_commands adds them all.
void add_commands(CLI::App& root, Context& context);

void add_secrets(CLI::App& root, Context& context);          // secrets create|get|list|put|delete
void add_vault(CLI::App& root, Context& context);            // vault get, secret get
void add_encryption(CLI::App& root, Context& context);       // encrypt, decrypt, hash, random
void add_keys(CLI::App& root, Context& context);             // keys list|rotate|check
void add_key_management(CLI::App& group, Context& context);  // keys create, import, delete, …
void add_transit(CLI::App& root, Context& context);    // sign, verify, hmac, transit encrypt|…
void add_data_keys(CLI::App& root, Context& context);  // datakey generate|unwrap
void add_transit_data_key(CLI::App& group, Context& context);  // transit datakey
void add_api_keys(CLI::App& root, Context& context);  // apikeys create|list|rotate|revoke|…
void add_groups(CLI::App& root, Context& context);    // groups list|create|add|…
void add_access(CLI::App& root, Context& context);    // access explain
void add_streams(CLI::App& root, Context& context);   // streams list|create|test|…
void add_tenants(CLI::App& root, Context& context);   // tenants list|current|create
void add_usage(CLI::App& root, Context& context);     // usage storage|quotas|set-quota
void add_audit(CLI::App& root, Context& context);     // audit list|export|verify|public-key|…
void add_ca(CLI::App& root, Context& context);        // ca list|show|create|pem|crl|identity …
void add_cert(CLI::App& root, Context& context);      // cert issue|renew|inspect|verify|revoke|list
void add_cert_revoke(CLI::App& group, Context& context);   // cert revoke
void add_cert_inspect(CLI::App& group, Context& context);  // cert inspect
void add_status(CLI::App& root, Context& context);         // health, whoami, version
void add_profile(CLI::App& root, Context& context);        // login, profile set
void add_completion(CLI::App& root, Context& context);     // completion bash|zsh|fish

}  // namespace quantumapi::cli
