#include "actors/http/conflict_reply.hpp"

#include "actors/client/record_lines.hpp"

namespace present::http {

using json = nlohmann::ordered_json;

json waiting_json(const std::string& key, const storage::escalated_write& what) {
  const auto texts = client::record_line({key, what.bytes ? *what.bytes : std::string{}, 0});
  json row;
  row["key"] = texts["key"];
  row["write"] = what.stamp.value;
  row["path"] = what.path;
  row["reason"] = what.reason;
  row["current"] = what.current.value;
  if (what.tombstone)
    row["removes"] = true;
  else
    row["value"] = texts["value"];
  if (texts.contains("encoding")) // of both
    row["encoding"] = texts["encoding"];
  return row;
}

json settled_json(const std::string& key, hlc_stamp write, bool is_accepted,
                  hlc_stamp version) {
  json row;
  client::put_bytes(row, "key", key);
  row["write"] = write.value;
  row["decided"] = is_accepted ? "accepted" : "dropped";
  row["version"] = version.value;
  return row;
}

} // namespace present::http
