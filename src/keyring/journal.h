// KeyJournal: the second place that knows each key version and each ending.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "base/ids.h"
#include "base/result.h"
#include "keyring/root_key.h"

namespace quantumapi::keyring {

// JournalEntry: a restore is a backup plus the journal, so that no key version
// is lost and nothing revoked, deleted or erased comes back.
struct JournalEntry {
  enum class Kind : std::uint8_t {
    kKeyVersion = 1,  // `wrapped` is the wrapped key material
    kKeyDeleted = 2,
    kApiKeyRevoked = 3,
    kSecretDeleted = 4,
    kPrincipalErased = 5,
    kPersonalKey = 6,         // `wrapped` is a principal's personal key
    kLookupKey = 7,           // `wrapped` is a look-up key
    kJournal = 8,             // `object` is the file's own id; each() does not show it
    kCertificateRevoked = 9,  // `object` is the serial number
    kKeyDrawn = 10,           // a first version whose key may never have been made
    kMark = 11,               // `version` is its number, which the store had first
    kVersionRefused = 12,     // a kKeyVersion that the store did not take after all
  };
  Kind kind;
  WallTime time;
  TenantId tenant;
  Uuid object;
  std::uint32_t version = 0;
  std::string algorithm;  // "ML-KEM-768"; empty where there is none
  Purpose purpose = Purpose::kEncrypt;
  Bytes wrapped;
};

// JournalPosition is a place between two frames and what stands before it: a
// journal that was cut, emptied or exchanged for an older copy does not hold it.
struct JournalPosition {
  Uuid journal;
  std::uint64_t octets = 0;
  Bytes mac;  // of the frame, or header, that ends there
};

// KeyJournal appends to one file that belongs to one process at a time (flock).
// Frame: length (4) || body || HMAC-SHA-256 (32) under a key derived from the
// root key, over the file's installation id, the frame's offset and body, so
// that a frame cannot be forged, moved or dropped from the middle unseen. A cut
// last frame is what a crash leaves: it is trimmed at open and was never
// acknowledged. Safe from any thread; waiting appends share one fdatasync.
class KeyJournal {
 public:
  // open creates the file when absent (mode 0600). kDataLoss when a frame
  // before the last does not verify, kConflict when another process holds it,
  // it belongs to another installation, or it is a link or readable by others.
  static Result<std::unique_ptr<KeyJournal>> open(const std::string& path, const Uuid& installation,
                                                  const RootKey& root);
  ~KeyJournal();

  // append returns when the entry is on disk. kUnavailable when it could not
  // be written or synced; the file is then trimmed back, or the journal
  // refuses everything until it was opened anew.
  Status append(const JournalEntry& entry);
  // each gives the entries after `from` octets, in the order in which they were made.
  Status each(const std::function<Status(const JournalEntry&)>& entry,
              std::uint64_t from = 0) const;

  // position is where the durable frames end now.
  [[nodiscard]] Result<JournalPosition> position() const;
  [[nodiscard]] const Uuid& id() const;
  // holds tells whether what stood before `position` of this journal stands there still.
  [[nodiscard]] Result<bool> holds(const JournalPosition& position) const;
  [[nodiscard]] const std::string& path() const;

 private:
  struct Impl;
  explicit KeyJournal(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace quantumapi::keyring
