// Names of certificate holders in DER, for the .cc files of this room alone.
#pragma once

#include "base/bytes.h"
#include "base/result.h"
#include "x509/request.h"

namespace quantumapi::x509 {

// normal_names holds names against what SubjectNames promises and gives them in their normal
// form: DNS names in lower case, addresses in their usual text, each once. At least one name, at
// most 100 beside the common name, at most one SPIFFE ID. kInvalidArgument names the field.
Result<SubjectNames> normal_names(const SubjectNames& names);

// is_common_name is true for UTF-8 of at most 64 characters, none of them a control character.
bool is_common_name(std::string_view text);

bool has_alternative_names(const SubjectNames& names);
// subject_der is the Name of a common name, an empty one without it. alternative_names_der is the
// GeneralNames of normal names.
Bytes subject_der(std::string_view common_name);
Bytes alternative_names_der(const SubjectNames& names);

// read_common_name reads a Name: what stands beside the common name is passed over, a second
// common name and relative names of several parts are refused.
Result<std::string> read_common_name(ByteView subject);
// read_alternative_names fills all but the common name, as it stands in the GeneralNames. Names
// other than DNS names, URIs and addresses are refused.
Result<SubjectNames> read_alternative_names(ByteView general_names);

}  // namespace quantumapi::x509
