#!/bin/sh
# After azd down: the next azd up must not ask for images of a registry that is gone.
set -eu

for image in $(azd env get-values | sed -n 's/^\(SERVICE_[A-Z]*_IMAGE_NAME\)=.*/\1/p'); do
    azd env set "$image" ""
done
