/* The loader: no image brings it down, and a refused one says why. */
#include "policy/load.h"
#include "tests/fuzz/fuzz.h"

#include <stdlib.h>
#include <string.h>

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct image image = {.data = malloc(size + 1), .len = size};
	struct load_report r = {0};
	struct policy *p, *with;

	REQUIRE(image.data != NULL);
	memcpy(image.data, data, size);
	p = policy_load(&image, &r);
	REQUIRE((p == NULL) == (r.errors.count > 0));
	REQUIRE(memcmp(image.data, data, size) == 0);
	if (p != NULL) {
		REQUIRE(policy_principal(p, "everyone") != PRINCIPAL_NONE);
		REQUIRE(policy_principal(p, "anonymous") != PRINCIPAL_NONE);
	}
	with = policy_load_suspensions(fuzz_policy(), &image);
	policy_free(with);
	policy_free(p);
	load_report_clear(&r);
	image_free(&image);
	return 0;
}
