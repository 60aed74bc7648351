// StreamFiles: the daily NDJSON files of log streams, below the data directory.
#pragma once

#include <span>
#include <string>

#include "audit/stream_receiver.h"
#include "audit/stream_repository.h"
#include "http/message.h"

namespace quantumapi::audit {

// StreamFiles keeps DIRECTORY/STREAM-UUID/YYYY-MM-DD.ndjson while a day (UTC)
// is open and .ndjson.gz afterwards. How much of an open file counts is said by
// its row: what an append left behind whose row was never written is cut off by
// the next one. The files lie on the replica that led the delivery when they were
// written; DIRECTORY/place, a UUID, tells the replicas' directories apart.
class StreamFiles {
 public:
  explicit StreamFiles(std::string directory) : directory_(std::move(directory)) {}

  // place names this directory; empty while nothing was ever written below it. make_place gives
  // it its name.
  [[nodiscard]] Result<std::string> place() const;
  [[nodiscard]] Result<std::string> make_place() const;
  // holds is true where the whole of what the row counts lies here.
  [[nodiscard]] bool holds(StreamId id, const StreamDay& day) const;

  // check does what append does with `line`, in a file of its own that it takes away again: the
  // day's file is opened only.
  [[nodiscard]] Status check(StreamId id, std::string_view day, std::string_view line) const;
  // append writes the events of this place behind the day's counted octets, syncs them to disk
  // and gives the day's new row.
  Result<StreamDay> append(StreamId id, StreamDay day, std::span<const StreamEvent> events) const;
  // archive makes the day's gzip file; the row it gives must be stored before
  // remove_open takes the NDJSON file away.
  Result<StreamDay> archive(StreamId id, StreamDay day) const;
  void remove_open(StreamId id, std::string_view day) const;
  // streams are those that have a folder here.
  [[nodiscard]] Result<std::vector<StreamId>> streams() const;
  // remove_old takes the files of the days away that were over for `kept` at `now`. It answers
  // which files of days to come went: they were written that long ago.
  [[nodiscard]] std::vector<std::string> remove_old(StreamId id, WallTime now,
                                                    std::chrono::hours kept) const;
  // remove_all takes all files of a stream away, and its folder unless that holds anything else.
  void remove_all(StreamId id) const;

  // open streams a day as gzip. kNotFound when its file is not here.
  Result<http::Reply::Stream> open(StreamId id, const StreamDay& day) const;

 private:
  [[nodiscard]] Status make_folder(const std::string& folder) const;
  [[nodiscard]] std::string path(StreamId id, std::string_view day, bool archived) const;

  std::string directory_;
};

// day_of is the UTC day of a time, "2026-11-23".
std::string day_of(WallTime time);
// day_for is the file that an event of `time` goes to, by the rows of this place: its day, or
// today where that is to come yet, but never behind one that has begun, nor into one that is
// archived. A row of a day to come, as an event of a clock that was ahead made one, holds nothing.
std::string day_for(WallTime time, WallTime now, std::span<const StreamDay> days);

}  // namespace quantumapi::audit
