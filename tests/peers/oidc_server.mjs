// oidc-provider as a hospital's authorization server on loopback. One invented account; its own pages for signing in.
// node oidc_server.mjs SETTINGS.json   (run where node_modules holds oidc-provider)
import fs from 'node:fs';
import https from 'node:https';
import crypto from 'node:crypto';
import { createRequire } from 'node:module';
import { pathToFileURL } from 'node:url';

const settings = JSON.parse(fs.readFileSync(process.argv[2]));
const library = createRequire(settings.modules + '/').resolve('oidc-provider');
const { default: Provider } = await import(pathToFileURL(library));
const { privateKey } = crypto.generateKeyPairSync('ec', { namedCurve: 'P-256' });
const own = settings.scope.split(' ').filter((scope) => scope.includes('/')).join(' ');

const provider = new Provider(settings.issuer, {
  jwks: { keys: [{ ...privateKey.export({ format: 'jwk' }), kid: 'k1', alg: 'ES256', use: 'sig' }] },
  clients: [{
    client_id: settings.client, application_type: 'native', token_endpoint_auth_method: 'none',
    redirect_uris: ['http://127.0.0.1/callback'], grant_types: ['authorization_code', 'refresh_token'],
    response_types: ['code'], id_token_signed_response_alg: 'ES256',
  }],
  pkce: { required: () => true },
  scopes: settings.scope.split(' '),
  claims: { openid: ['sub'], fhirUser: ['fhirUser', 'name'] },
  conformIdTokenClaims: false,
  cookies: { keys: [crypto.randomBytes(16).toString('hex')] },
  features: {
    devInteractions: { enabled: true },
    revocation: { enabled: true },
    resourceIndicators: {
      enabled: true,
      defaultResource: () => settings.audience,
      useGrantedResource: () => true,
      getResourceServerInfo: (_ctx, audience) => ({
        scope: own, audience, accessTokenFormat: 'jwt', accessTokenTTL: settings.seconds,
        jwt: { sign: { alg: 'ES256' } },
      }),
    },
  },
  rotateRefreshToken: true,
  ttl: { RefreshToken: 86400, Session: 3600, Grant: 86400, Interaction: 600, IdToken: 600 },
  findAccount: async (_ctx, id) => ({
    accountId: id, claims: async () => ({ sub: id, fhirUser: settings.reader, name: 'Dr. Ilse Marwick' }),
  }),
});
provider.on('server_error', (_ctx, error) => console.error('server_error', error));
provider.on('grant.error', (_ctx, error) => console.error('grant.error', error.error, error.error_detail));
const pem = fs.readFileSync(settings.certificate);
https.createServer({ key: pem, cert: pem }, provider.callback()).listen(settings.port, '127.0.0.1');
