// The regions of Oracle's cloud, and where their services are: each region belongs to a realm, and each realm
// has a domain of its own. Pure; any thread.
//
// PyPI oci: oci/regions_definitions.py and oci/regions.py, against which tests/signing checks all of it.
#pragma once

#include <string>
#include <string_view>

namespace rayhistory {

struct OciRegion {
  std::string name;    // "eu-frankfurt-1"
  std::string domain;  // of its realm, "oraclecloud.com"
};

// `text` is a region, its short name ("fra"), either of them in any case, or a region with its domain
// ("eu-frankfurt-1.oraclecloud.com"). A region that is not known here, because it is newer, has
// `domain_if_unknown`; where that is empty, the domain of the commercial realm, as in Oracle's SDKs.
OciRegion oci_region(std::string_view text, std::string_view domain_if_unknown = {});
bool is_known_oci_region(std::string_view text);

// "https://auth.eu-frankfurt-1.oraclecloud.com", without a slash at the end.
std::string oci_service_url(std::string_view service, const OciRegion& region);

}  // namespace rayhistory
