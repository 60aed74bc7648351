#include <algorithm>
#include <cstdlib>
#include <map>
#include <unordered_map>

#include "http/route.h"

namespace quantumapi::http {

struct Router::Node {
  std::map<std::string, std::shared_ptr<Node>, std::less<>> literals;
  std::shared_ptr<Node> parameter;
  std::vector<std::pair<Method, std::size_t>> routes;  // index into routes_
};

// Whole knows where the paths without parameters lead, as they are usually
// sent: most requests need no walk.
struct Router::Whole {
  struct Hash {
    using is_transparent = void;
    std::size_t operator()(std::string_view text) const noexcept {
      return std::hash<std::string_view>{}(text);
    }
  };
  std::unordered_map<std::string, const Node*, Hash, std::equal_to<>> nodes;
};

namespace {

constexpr std::size_t kMaxSegments = 32;
constexpr std::size_t kUsualSegments = 8;

// A path of a route or a request is taken apart at '/' before anything is
// decoded, so that an encoded slash stays inside its segment.
template <typename Take>
Status for_each_segment(std::string_view path, Take take) {
  if (!path.starts_with('/')) return fail(Code::kInvalidArgument, "the path must begin with /");
  path.remove_prefix(1);
  if (path.empty()) return {};
  while (true) {
    const std::size_t end = std::min(path.find('/'), path.size());
    TRY(take(path.substr(0, end)));
    if (end == path.size()) return {};
    path.remove_prefix(end + 1);
  }
}

Result<std::vector<std::string>> split(std::string_view path) {
  std::vector<std::string> segments;
  segments.reserve(kUsualSegments);
  TRY(for_each_segment(path, [&](std::string_view sent) -> Status {
    TRY_ASSIGN(std::string segment, percent_decode(sent));
    if (segment.empty() || segment == "." || segment == "..")
      return fail(Code::kInvalidArgument, "the path has an empty, \".\" or \"..\" segment");
    if (segments.size() == kMaxSegments)
      return fail(Code::kInvalidArgument, "the path has too many segments");
    segments.push_back(std::move(segment));
    return {};
  }));
  return segments;
}

using Segments = std::span<const std::string>;

// The prefixes under which the API tree stands, longest first.
std::optional<Segments> below_prefix(Segments path) {
  static const std::vector<std::vector<std::string>> kPrefixes = {
      {"v1", "api", "v1"}, {"api", "v1"}, {"v1"}};
  for (const auto& prefix : kPrefixes)
    if (path.size() >= prefix.size() && std::ranges::equal(prefix, path.first(prefix.size())))
      return path.subspan(prefix.size());
  return std::nullopt;
}

// find_node walks the tree; where a literal leads nowhere the parameter beside
// it is tried. `parameters` then holds what the parameters stood for.
template <typename Node>
const Node* find_node(const Node& node, Segments path, std::vector<std::string>& parameters) {
  if (path.empty()) return node.routes.empty() ? nullptr : &node;
  if (const auto child = node.literals.find(path.front()); child != node.literals.end())
    if (const Node* found = find_node(*child->second, path.subspan(1), parameters)) return found;
  if (!node.parameter) return nullptr;
  parameters.push_back(path.front());
  if (const Node* found = find_node(*node.parameter, path.subspan(1), parameters)) return found;
  parameters.pop_back();
  return nullptr;
}

template <typename Node>
void insert(Node& root, Method method, std::string_view path, std::size_t index) {
  Node* node = &root;
  const Status walked = for_each_segment(path, [&](std::string_view segment) -> Status {
    auto& child = segment.starts_with('{') ? node->parameter : node->literals[std::string(segment)];
    if (!child) child = std::make_shared<Node>();
    node = child.get();
    return {};
  });
  // The table is part of the program: a bad row shows at the first start.
  const bool taken = std::ranges::find(node->routes, method, [](const auto& entry) {
                       return entry.first;
                     }) != node->routes.end();
  if (!walked || taken) std::abort();
  node->routes.emplace_back(method, index);
}

template <typename Node>
const std::size_t* route_for(const Node& node, Method method) {
  for (const auto& [known, index] : node.routes)
    if (known == method) return &index;
  // RFC 9110 section 9.3.2: HEAD is GET without the content.
  return method == Method::kHead ? route_for(node, Method::kGet) : nullptr;
}

template <typename Node>
std::string allow_of(const Node& node) {
  std::string allow;
  const auto add = [&](Method method) {
    if (!allow.empty()) allow += ", ";
    allow += to_string(method);
  };
  for (const auto& [method, index] : node.routes) {
    add(method);
    if (method == Method::kGet) add(Method::kHead);
  }
  return allow;
}

}  // namespace

Router::Router(std::vector<Route> routes) : routes_(std::move(routes)) {
  const auto api = std::make_shared<Node>();
  const auto root = std::make_shared<Node>();
  std::vector<std::string> plain;
  const auto add = [&](const Route& route, std::string_view path, std::size_t index) {
    insert(route.at_root ? *root : *api, route.method, path, index);
    if (path.find('{') != std::string_view::npos) return;
    for (const std::string_view prefix : {"", "/api/v1", "/v1", "/v1/api/v1"})
      plain.push_back(std::string(prefix).append(path));
  };
  for (std::size_t i = 0; i < routes_.size(); ++i) {
    const Route& route = routes_[i];
    add(route, route.path, i);
    for (const std::string_view alias : route.aliases) add(route, alias, i);
  }
  api_ = api;
  root_ = root;
  const auto whole = std::make_shared<Whole>();
  for (std::string& path : plain) {
    std::vector<std::string> parameters;
    const auto node = walk(path, parameters);
    if (node && *node != nullptr && parameters.empty()) whole->nodes[std::move(path)] = *node;
  }
  whole_ = whole;
}

// walk gives the node of a path, null where there is none.
Result<const Router::Node*> Router::walk(std::string_view path,
                                         std::vector<std::string>& parameters) const {
  TRY_ASSIGN(const std::vector<std::string> segments, split(path));
  const Node* node = find_node(*root_, Segments(segments), parameters);
  if (node != nullptr) return node;
  const auto below = below_prefix(segments);
  return below && !below->empty() ? find_node(*api_, *below, parameters) : nullptr;
}

Result<Router::Match> Router::find(Method method, std::string_view path) const {
  Match match;
  const Node* node = nullptr;
  if (const auto known = whole_->nodes.find(path); known != whole_->nodes.end()) {
    node = known->second;
  } else {
    TRY_ASSIGN(node, walk(path, match.parameters));
  }
  if (node == nullptr) return match;
  if (const std::size_t* index = route_for(*node, method)) {
    match.route = &routes_[*index];
  } else {
    match.allow = allow_of(*node);
  }
  return match;
}

}  // namespace quantumapi::http
