#include "audit/stream_routes.h"

#include "base/json_request.h"

namespace quantumapi::audit {
namespace {

using http::Call;
using http::Method;
using http::Reply;
using http::Route;

struct StreamRequest {
  std::string_view name;
  std::string_view stream_type;
  std::optional<std::string_view> config_json;
};
BOOST_DESCRIBE_STRUCT(StreamRequest, (), (name, stream_type, config_json))
constexpr auto schema_facts(const StreamRequest*) {
  return std::to_array<json::Fact>({
      {"name", R"("minLength":1,"maxLength":200)"},
      {"stream_type", R"("enum":["Webhook","Datadog","Splunk","File"])"},
      {"config_json", R"("contentMediaType":"application/json")"},
  });
}

struct StreamReply {
  StreamId id;
  std::string name;
  std::string stream_type;
  std::string config_json;
  bool is_active = true;
  std::int64_t consecutive_failures = 0;
  std::optional<WallTime> last_streamed_at;
  std::optional<std::string> last_error;
  std::int64_t lost_events = 0;  // that retention took before they were sent
  WallTime created_at;
  std::optional<WallTime> updated_at;
};
BOOST_DESCRIBE_STRUCT(StreamReply, (),
                      (id, name, stream_type, config_json, is_active, consecutive_failures,
                       last_streamed_at, last_error, lost_events, created_at, updated_at))
constexpr auto schema_facts(const StreamReply*) {
  return std::to_array<json::Fact>({
      {"stream_type", R"("enum":["Webhook","Datadog","Splunk","File"])"},
      {"config_json", R"("contentMediaType":"application/json")"},
      {"lost_events", R"("minimum":0)"},
  });
}

struct StreamList {
  std::vector<StreamReply> items;
  std::int64_t total_count = 0;
};
BOOST_DESCRIBE_STRUCT(StreamList, (), (items, total_count))

struct TestReply {
  bool success = false;
  std::optional<std::string> error;
};
BOOST_DESCRIBE_STRUCT(TestReply, (), (success, error))

struct DayReply {
  std::string day;
  std::int64_t line_count = 0;
  std::int64_t size_bytes = 0;
  WallTime first_event_at;
  WallTime last_event_at;
  bool is_here = true;  // whole, on the replica that answers
  std::optional<std::vector<std::string>> elsewhere;
};
BOOST_DESCRIBE_STRUCT(DayReply, (),
                      (day, line_count, size_bytes, first_event_at, last_event_at, is_here,
                       elsewhere))
constexpr auto schema_facts(const DayReply*) {
  return std::to_array<json::Fact>({
      {"day", R"("format":"date")"},
  });
}

struct FilesReply {
  std::vector<DayReply> days;
  std::int64_t total_size_bytes = 0;
  std::int64_t retention_days = 0;
};
BOOST_DESCRIBE_STRUCT(FilesReply, (), (days, total_size_bytes, retention_days))

StreamReply reply_of(StreamView view) {
  StreamRow& row = view.row;
  StreamReply reply{.id = row.id,
                    .name = std::move(row.name),
                    .stream_type = std::move(row.type),
                    .config_json = std::move(view.config),
                    .is_active = row.is_active,
                    .consecutive_failures = row.consecutive_failures,
                    .last_streamed_at = row.last_streamed_at,
                    .last_error = {},
                    .lost_events = row.lost_events,
                    .created_at = row.created_at,
                    .updated_at = row.updated_at};
  if (!row.last_error.empty()) reply.last_error = std::move(row.last_error);
  return reply;
}

// id_parameter: a path that is no UUID names no stream.
Result<StreamId> id_parameter(const Call& call) {
  const auto id = StreamId::parse(call.parameter(0));
  if (!id) return fail(Code::kNotFound, "no such log stream");
  return *id;
}

void audit(Call& call, const StreamId& id) {
  AuditEvent event = call.event();
  event.resource_type = "logStream";
  event.resource = id.uuid;
  call.audit(std::move(event));
}

Result<StreamRequest> request_of(Call& call) {
  return json::decode_request<StreamRequest>(call.request().body, call.arena());
}

StreamInput input_of(const StreamRequest& request) {
  return {request.name, request.stream_type, request.config_json.value_or(std::string_view())};
}

Result<Reply> create(StreamService& service, Call& call) {
  TRY_ASSIGN(const auto request, request_of(call));
  TRY_ASSIGN(auto made, service.create(call.principal(), input_of(request), call.event()));
  call.recorded();
  const std::string id = made.row.id.to_string();
  Reply reply = Reply::json(call.request(), reply_of(std::move(made)), json::Naming::kCamel, 201);
  reply.headers.emplace_back("Location", "/api/v1/log-streams/" + id);
  return reply;
}

Result<Reply> list(StreamService& service, Call& call) {
  TRY_ASSIGN(auto views, service.list(call.principal()));
  StreamList answer;
  answer.total_count = static_cast<std::int64_t>(views.size());
  for (StreamView& view : views) answer.items.push_back(reply_of(std::move(view)));
  call.audit(call.event());
  return Reply::json(call.request(), answer);
}

Result<Reply> get(StreamService& service, Call& call) {
  TRY_ASSIGN(const auto id, id_parameter(call));
  TRY_ASSIGN(auto view, service.get(call.principal(), id));
  audit(call, id);
  return Reply::json(call.request(), reply_of(std::move(view)));
}

Result<Reply> update(StreamService& service, Call& call) {
  TRY_ASSIGN(const auto id, id_parameter(call));
  TRY_ASSIGN(const auto request, request_of(call));
  TRY_ASSIGN(auto view, service.update(call.principal(), id, input_of(request), call.event()));
  call.recorded();
  return Reply::json(call.request(), reply_of(std::move(view)));
}

Result<Reply> set_active(StreamService& service, Call& call, bool active) {
  TRY_ASSIGN(const auto id, id_parameter(call));
  TRY_ASSIGN(auto view, service.set_active(call.principal(), id, active, call.event()));
  call.recorded();
  return Reply::json(call.request(), reply_of(std::move(view)));
}
Result<Reply> activate(StreamService& service, Call& call) {
  return set_active(service, call, true);
}
Result<Reply> deactivate(StreamService& service, Call& call) {
  return set_active(service, call, false);
}

Result<Reply> remove(StreamService& service, Call& call) {
  TRY_ASSIGN(const auto id, id_parameter(call));
  TRY(service.remove(call.principal(), id, call.event()));
  call.recorded();
  return Reply::empty();
}

// test answers 200 either way: what failed is the receiver, not the call.
Result<Reply> test(StreamService& service, Call& call) {
  TRY_ASSIGN(const auto id, id_parameter(call));
  const auto sent = service.test(call.principal(), id);
  if (!sent && sent.error().reason != "receiver_failed") return std::unexpected(sent.error());
  TestReply answer{.success = sent.has_value(), .error = {}};
  if (!sent) answer.error = sent.error().message;
  audit(call, id);
  return Reply::json(call.request(), answer);
}

Result<Reply> files(StreamService& service, Call& call) {
  TRY_ASSIGN(const auto id, id_parameter(call));
  TRY_ASSIGN(const auto found, service.files(call.principal(), id));
  FilesReply answer;
  answer.retention_days = found.retention_days;
  for (const StreamService::Day& day : found.days) {
    DayReply& reply = answer.days.emplace_back(day.day, day.line_count, day.octets, day.first_at,
                                               day.last_at, day.elsewhere.empty());
    if (!day.elsewhere.empty()) reply.elsewhere = day.elsewhere;
    answer.total_size_bytes += day.octets;
  }
  audit(call, id);
  return Reply::json(call.request(), answer);
}

// file has no Content-Encoding: clients keep the gzip octets as they are.
Result<Reply> file(StreamService& service, Call& call) {
  TRY_ASSIGN(const auto id, id_parameter(call));
  Reply reply;
  TRY_ASSIGN(const auto query, http::Query::parse(call.request().query));
  TRY_ASSIGN(const bool part, query.boolean("part", false));
  TRY_ASSIGN(reply.stream, service.file(call.principal(), id, call.parameter(1), part));
  reply.content_type = "application/gzip";
  audit(call, id);
  return reply;
}

Route route(Method method, std::string_view path, std::string_view summary, std::string_view action,
            Result<Reply> (*handler)(StreamService&, Call&), StreamService& service) {
  Route route;
  route.method = method;
  route.path = path;
  route.summary = summary;
  route.handler = [handler, &service](Call& call) -> Result<Reply> {
    if (!call.may_block()) return fail(Code::kWouldBlock, "log streams are read from the store");
    return handler(service, call);
  };
  route.scope = "audit:read";
  route.action = action;
  route.category = "audit";
  route.whole_tenant = true;
  return route;
}

Route with_schemas(Route route, Route::Schema request, Route::Schema reply, int success = 200) {
  route.request_schema = request;
  route.reply_schema = reply;
  route.success = success;
  if (request != nullptr) route.refusals = {409};
  return route;
}

}  // namespace

std::vector<Route> stream_routes(StreamService& service) {
  constexpr std::string_view kAll = "/log-streams";
  constexpr std::string_view kOne = "/log-streams/{id}";
  const auto stream = http::schema<StreamReply>();
  const auto request = http::schema<StreamRequest>();
  Route removal = route(Method::kDelete, kOne, "Delete a log stream and its files.",
                        "log_stream.delete", remove, service);
  removal.success = 204;
  Route day = route(Method::kGet, "/log-streams/{id}/files/{day}",
                    "Give a day's events as gzip NDJSON.", "log_stream.file_read", file, service);
  day.parameters = {{"day", R"({"type":"string","format":"date"})", "", http::Parameter::In::kPath},
                    {"part", R"({"type":"boolean","default":false})",
                     "Give what this replica has of the day, where others have more."}};
  day.refusals = {409};
  day.reply_type = "application/gzip";
  return {
      with_schemas(route(Method::kGet, kAll, "List the tenant's log streams.", "log_stream.list",
                         list, service),
                   nullptr, http::schema<StreamList>()),
      with_schemas(route(Method::kPost, kAll, "Make a log stream; it sends what happens from now.",
                         "log_stream.create", create, service),
                   request, stream, 201),
      with_schemas(route(Method::kGet, kOne, "Give a log stream, its secrets masked.",
                         "log_stream.read", get, service),
                   nullptr, stream),
      with_schemas(
          route(Method::kPut, kOne, "Change a log stream.", "log_stream.update", update, service),
          request, stream),
      std::move(removal),
      with_schemas(route(Method::kPost, "/log-streams/{id}/test", "Send one event of a test.",
                         "log_stream.test", test, service),
                   nullptr, http::schema<TestReply>()),
      with_schemas(route(Method::kPost, "/log-streams/{id}/activate", "Let a log stream send.",
                         "log_stream.activate", activate, service),
                   nullptr, stream),
      with_schemas(route(Method::kPost, "/log-streams/{id}/deactivate",
                         "Stop a log stream; it keeps its place in the log.",
                         "log_stream.deactivate", deactivate, service),
                   nullptr, stream),
      with_schemas(route(Method::kGet, "/log-streams/{id}/files",
                         "List the daily files of a log stream of type File.", "log_stream.files",
                         files, service),
                   nullptr, http::schema<FilesReply>()),
      std::move(day)};
}

}  // namespace quantumapi::audit
