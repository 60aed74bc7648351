// mtls_echo takes either part in mutual TLS, for tests against programs of other makers:
//   mtls_echo serve CHAIN KEY ROOTS PEER-ID [GROUP...]
//   mtls_echo ask   CHAIN KEY ROOTS PEER-ID PORT [GROUP...]
//   mtls_echo ask-revoked …, to which every server is revoked
// serve prints its port, answers each request with the id of who sent it, and takes lines on
// standard input: "revoke" (whoever is connected from now on), "reload CHAIN KEY", "metrics";
// each is answered with a line "done" at the end. It stops at the end of input.
// ask sends one request and prints what came of it as one line of JSON.
#include <atomic>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <iostream>
#include <sstream>
#include <string>
#include <vector>

#include "base/json.h"
#include "http/client.h"
#include "http/server.h"

namespace {

using namespace quantumapi;

template <typename T>
T must(Result<T> result) {
  if (result) return std::move(*result);
  std::fprintf(stderr, "mtls_echo: %s\n", result.error().message.c_str());
  std::exit(1);
}

std::string file(const std::string& path) {
  std::ifstream in(path);
  std::ostringstream text;
  text << in.rdbuf();
  return text.str();
}

x509::Identity identity(const std::string& chain, const std::string& key) {
  return must(x509::load_identity(file(chain), SecretBytes::copy_of(file(key))));
}

std::shared_ptr<const http::PeerPolicy> policy(const std::string& roots, const std::string& id,
                                               const std::atomic<bool>& revoked) {
  auto made = std::make_shared<http::PeerPolicy>();
  made->trust = std::make_shared<x509::TrustStore>(must(x509::TrustStore::create(file(roots))));
  made->identities.push_back(must(x509::SpiffeId::parse(id)));
  made->revocation_status = [&revoked](const x509::Peer&) {
    return revoked ? http::RevocationStatus::kRevoked : http::RevocationStatus::kGood;
  };
  return made;
}

std::shared_ptr<const http::TlsOptions> options(x509::Identity shown,
                                                std::shared_ptr<const http::PeerPolicy> peers,
                                                std::vector<std::string> groups) {
  auto made = std::make_shared<http::TlsOptions>();
  made->identities.push_back(std::move(shown));
  made->peers = std::move(peers);
  made->groups = std::move(groups);
  return made;
}

int serve(const std::vector<std::string>& words) {
  std::atomic<bool> revoked = false;
  const auto peers = policy(words[2], words[3], revoked);
  const std::vector<std::string> groups(words.begin() + 4, words.end());
  Logger log;
  Metrics metrics;
  http::Server::Options all;
  all.listen.push_back({"127.0.0.1", 0, options(identity(words[0], words[1]), peers, groups)});
  const auto server = must(http::Server::start(
      std::move(all),
      [](http::Exchange& exchange) {
        exchange.respond(
            http::Reply::text(exchange.request().peer->spiffe_id->uri(), "text/plain"));
      },
      [](const http::Request&) { return http::Server::ContentRule{std::size_t{1} << 20, true}; },
      [](std::function<void()> task) { task(); }, log, metrics));
  std::cout << server->ports().front() << std::endl;
  std::string line;
  while (std::getline(std::cin, line)) {
    std::istringstream in(line);
    std::string word;
    std::string chain;
    std::string key;
    in >> word >> chain >> key;
    if (word == "revoke") revoked = true;
    if (word == "metrics") std::cout << metrics.text();
    if (word == "reload")
      if (const Status done = server->reload_tls(0, options(identity(chain, key), peers, groups));
          !done)
        std::cout << done.error().message << "\n";
    std::cout << "done" << std::endl;
  }
  return 0;
}

int ask(const std::vector<std::string>& words, const std::atomic<bool>& revoked) {
  http::Client::Options all;
  all.mutual.emplace(http::MutualTls{std::make_shared<x509::Identity>(identity(words[0], words[1])),
                                     policy(words[2], words[3], revoked)});
  all.groups.assign(words.begin() + 5, words.end());
  const auto client = must(http::Client::create(
      must(http::Url::parse("https://127.0.0.1:" + words[4])), std::move(all)));
  const auto response = client->send({.target = "/"});
  const http::TlsFacts facts = client->tls_facts();
  std::pmr::string line;
  base::json::Writer writer(line);
  writer.begin_object();
  const auto member = [&](std::string_view name, std::string_view text) {
    writer.key(name);
    writer.string(text);
  };
  if (response) member("body", response->body);
  if (!response) member("reason", response.error().reason);
  member("group", facts.group);
  member("signature", facts.peer_signature);
  member("peer", facts.peer ? facts.peer->spiffe_id->uri() : "");
  writer.end_object();
  std::cout << line << std::endl;
  return 0;
}

}  // namespace

int main(int count, char** arguments) {
  const std::vector<std::string> words(arguments + 1, arguments + count);
  const std::string part = words.empty() ? "" : words.front();
  const std::vector<std::string> rest(words.begin() + (words.empty() ? 0 : 1), words.end());
  if (part == "serve" && rest.size() >= 4) return serve(rest);
  if (part == "ask" && rest.size() >= 5) return ask(rest, false);
  if (part == "ask-revoked" && rest.size() >= 5) return ask(rest, true);
  std::fprintf(
      stderr, "usage: mtls_echo serve|ask|ask-revoked CHAIN KEY ROOTS PEER-ID [PORT] [GROUP...]\n");
  return 2;
}
