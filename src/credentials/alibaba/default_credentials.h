// Where Alibaba Cloud credentials are found: access keys, else the role of the pod's service account (RRSA).
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "credentials/alibaba/environment.h"
#include "credentials/aws/aws_credentials_source.h"
#include "http/client.h"

namespace rayhistory {

// Nothing is asked yet. `invalid` names the variable that is wrong or missing. `region` is the token
// service's where the environment names none. `clock` must outlive the source.
Result<std::unique_ptr<AwsCredentialsSource>> default_alibaba_credentials(
    const AlibabaEnvironment& environment, std::string_view region, std::unique_ptr<HttpClient> client,
    const Clock& clock);

}  // namespace rayhistory
