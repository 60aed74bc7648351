// Lists and histories of secrets.
#include <algorithm>
#include <map>

#include "base/encoding.h"
#include "vault/impl.h"
#include "vault/name.h"
#include "vault/rules.h"

namespace quantumapi::vault {
namespace {

Status check_filter(const VaultService::Filter& filter) {
  for (const auto& [field, text] :
       {std::pair("contentType", filter.content_type), std::pair("label", filter.label),
        std::pair("search", filter.search)}) {
    if (!text) continue;
    if (base::has_control(*text)) return fail_field(field, "must not contain control characters");
    TRY(check_length(field, *text, kMaxLabel));
  }
  return {};
}

repository::Selection selection_of(TenantId tenant, const VaultService::Filter& filter) {
  repository::Selection selection{.tenant = tenant, .include_inactive = filter.include_inactive};
  selection.content_type = filter.content_type.value_or("");
  if (filter.search && !filter.search->empty())
    selection.name_pattern = like_pattern(*filter.search);
  selection.label = filter.label.value_or("");
  return selection;
}

// selects says of one record what the statements of the repository say of rows.
bool selects(const VaultService::Filter& filter, const SecretRecord& record) {
  if (!record.is_active && !filter.include_inactive) return false;
  const std::string type = filter.content_type.value_or("");
  if (!type.empty() && record.content_type != type) return false;
  if (filter.search && !fold_name(record.name).contains(fold_name(*filter.search))) return false;
  const std::string label = filter.label.value_or("");
  return label.empty() || std::ranges::find(record.labels, label) != record.labels.end();
}

// bound_records are the secrets that the bindings name, each once, by name.
Result<std::vector<SecretRecord>> bound_records(store::Transaction& tx,
                                                const Principal& principal) {
  std::map<SecretId, SecretRecord> found;
  const auto add = [&](SecretId id) -> Status {
    TRY_ASSIGN(auto record, repository::find_record(tx, id));
    if (record && record->tenant == principal.tenant) found.emplace(id, *std::move(record));
    return {};
  };
  for (const base::Binding& binding : principal.bindings) {
    if (binding.type != "secret") continue;
    if (!binding.id.is_nil()) TRY(add(SecretId{binding.id}));
    if (binding.name.empty()) continue;
    TRY_ASSIGN(const auto id, repository::find_id(tx, principal.tenant, binding.name));
    if (id) TRY(add(*id));
  }
  std::vector<SecretRecord> records;
  for (auto& [id, record] : found) records.push_back(std::move(record));
  std::ranges::sort(records, {}, &SecretRecord::name);
  return records;
}

}  // namespace

Result<VaultService::Page> VaultService::Impl::list_bound(const Principal& principal,
                                                          const Filter& filter) {
  TRY_ASSIGN(auto records,
             database.read([&](store::Transaction& tx) { return bound_records(tx, principal); }));
  std::erase_if(records, [&](const SecretRecord& record) { return !selects(filter, record); });
  Page page;
  page.total = std::ssize(records);
  const std::int64_t begin = std::min(filter.offset, page.total);
  const std::int64_t end = begin + std::min(filter.limit, page.total - begin);
  for (std::int64_t i = begin; i < end; ++i)
    page.secrets.push_back(std::move(records[static_cast<std::size_t>(i)]));
  page.has_more = end < page.total;
  return page;
}

Result<VaultService::Page> VaultService::list(const Principal& principal, const Filter& filter) {
  TRY(check_filter(filter));
  if (!principal.bindings.empty()) return impl_->list_bound(principal, filter);
  const repository::Selection selection = selection_of(principal.tenant, filter);
  return impl_->database.read([&](store::Transaction& tx) -> Result<Page> {
    Page page;
    TRY_ASSIGN(page.secrets, repository::list(tx, selection, filter.offset, filter.limit + 1));
    page.has_more = std::ssize(page.secrets) > filter.limit;
    if (page.has_more) page.secrets.pop_back();
    TRY_ASSIGN(page.total, selection.narrows() ? repository::count(tx, selection, kCountBound)
                                               : repository::total(tx, principal.tenant));
    return page;
  });
}

Result<std::vector<VaultService::Version>> VaultService::history(const Principal& principal,
                                                                 SecretId id, int max_versions) {
  TRY(impl_->check_reach(principal, id, /*may_block=*/true));
  return impl_->database.read(
      [&](store::Transaction& tx) -> Result<std::vector<VaultService::Version>> {
        TRY_ASSIGN(const auto record, repository::find_record(tx, id));
        if (!record || !impl_->readable(*record, principal.tenant)) return no_such_secret();
        return repository::history(tx, id, max_versions);
      });
}

}  // namespace quantumapi::vault
