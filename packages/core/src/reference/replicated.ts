/** Where vendors push their own images. */
export const REPLICATED_HOST = 'registry.replicated.com';
/** Where the images of a vendor's third-party registries can be had with a customer's license. */
export const PROXY_HOST = 'proxy.replicated.com';
